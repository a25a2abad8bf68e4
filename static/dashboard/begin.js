// The time zone of this browser; and an address name that follows the name until somebody types one.

const form = document.querySelector("[data-begin]");
const zone = form.elements.time_zone;
const here = new Intl.DateTimeFormat().resolvedOptions().timeZone;
const untouched = !form.querySelector(".errors");
if (zone && untouched && [...zone.options].some((one) => one.value === here)) zone.value = here;

const { name, slug } = form.elements;
const suggested = (text) => text.normalize("NFKD").toLowerCase().replace(/[^a-z0-9\s_-]/g, "").trim().replace(/[\s_-]+/g, "-").slice(0, 40).replace(/^-+|-+$/g, "");
let follows = untouched && (!slug.value || slug.value === suggested(name.value));
slug.addEventListener("input", () => { follows = !slug.value; });
name.addEventListener("input", () => { if (follows) slug.value = suggested(name.value); });
