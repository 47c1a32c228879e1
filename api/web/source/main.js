import { h, render } from "preact";
import { App } from "./app.js";

const root = document.getElementById("app");
root.replaceChildren();
render(h(App), root);
