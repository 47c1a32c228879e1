/** Times, ages and numbers as people here read them. */

const time = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const dayTime = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
const day = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });

export const number = (value, digits = 1) => new Intl.NumberFormat(undefined, { maximumFractionDigits: digits }).format(value);
export const clock = (iso) => time.format(new Date(iso));
export const moment = (iso) => dayTime.format(new Date(iso));
export const date = (iso) => day.format(new Date(iso));

export function age(seconds) {
  if (seconds < 90) return "just now";
  if (seconds < 5400) return `${Math.round(seconds / 60)} min old`;
  if (seconds < 129600) return `${Math.round(seconds / 3600)} h old`;
  return `${Math.round(seconds / 86400)} days old`;
}

export const unitGap = (unit) => (unit && !/^[°%]/.test(unit) ? ` ${unit}` : unit === "%" ? " %" : unit ? ` ${unit}` : "");
