// Groups and components are dragged into their order; the arrows beside them do the same without.

/* global Sortable */

const send = () => document.getElementById("order").requestSubmit();

const arrange = () => {
  const layout = document.getElementById("layout");
  layout.classList.add("is-arranging");
  for (const list of layout.querySelectorAll("[data-arranges]"))
    new Sortable(list, {
      group: { name: "components", put: (to, _from, item) => to.el.matches(".card") || !item.matches(".shelf") },
      handle: "[data-handle]",
      animation: 120,
      fallbackOnBody: true,
      onEnd: ({ from, to, oldIndex, newIndex }) => { if (from !== to || oldIndex !== newIndex) send(); },
    });
};

arrange();
document.addEventListener("htmx:after:swap", arrange);
