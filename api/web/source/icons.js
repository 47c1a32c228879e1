/** Line icons, 24 px grid, drawn for this page. */

import { html } from "./html.js";

const icon = (paths) => () => html`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true">${paths.map((d) => html`<path d=${d} />`)}</svg>`;

export const Pulse = icon(["M3 13h4l2-7 4 13 3-9 1.5 3H21"]);
export const Send = icon(["M12 20V5", "M5.5 11.5 12 5l6.5 6.5"]);
export const Stop = icon(["M7 7h10v10H7z"]);
export const Up = icon(["M7 11v9H4v-9z", "M7 11l4-8a2.5 2.5 0 0 1 2.5 2.5V9H19a2 2 0 0 1 2 2.3l-1.2 7a2 2 0 0 1-2 1.7H7"]);
export const Down = icon(["M17 13V4h3v9z", "M17 13l-4 8a2.5 2.5 0 0 1-2.5-2.5V15H5a2 2 0 0 1-2-2.3l1.2-7a2 2 0 0 1 2-1.7H17"]);
export const Book = icon(["M5 4h10a3 3 0 0 1 3 3v13H8a3 3 0 0 1-3-3z", "M5 17a3 3 0 0 1 3-3h10"]);
export const Plus = icon(["M12 5v14", "M5 12h14"]);
export const Alert = icon(["M12 4 3 20h18z", "M12 10v4.5", "M12 17v.5"]);
export const Info = icon(["M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18", "M12 11v5", "M12 7.5v.5"]);
export const Check = icon(["M5 12.5 10 17.5 19 7.5"]);
export const Cross = icon(["M7 7l10 10", "M17 7 7 17"]);
export const Chevron = icon(["M8 10l4 4 4-4"]);
export const Arrow = icon(["M9 6l6 6-6 6"]);
