import { h } from "preact";
import htm from "htm";

export const html = htm.bind(h);

const ID = /([A-Z][A-Z0-9]*(?:-[A-Z0-9]+)+)/;

/** Text whose machine ids and error codes stay on one line. */
export const unbroken = (text) => text.split(ID).map((part, index) => (index % 2 ? h("span", { class: "id" }, part) : part));
