// Order of an agenda by drag; the buttons do the same without scripts and by keyboard.
(() => {
  "use strict";

  const table = document.querySelector("[data-agenda]");
  if (!table) return;
  const said = document.querySelector("[data-agenda-said]");
  const rows = () => [...table.tBodies[0].rows];
  const place = (row) => rows().indexOf(row) + 1;
  let dragged = null;
  let from = 0;

  rows().forEach((row) => {
    if (row.querySelector("[data-move]")) row.draggable = true;
  });

  // After a move by button the focus stays at the item.
  const moved = location.hash.startsWith("#item-") ? document.querySelector(location.hash) : null;
  moved?.querySelector("[data-move] button")?.focus();

  table.addEventListener("dragstart", (event) => {
    dragged = event.target.closest("tr");
    if (!dragged) return;
    from = place(dragged);
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", dragged.dataset.item);
    dragged.classList.add("is-dragged");
  });

  table.addEventListener("dragover", (event) => {
    const over = event.target.closest("tbody tr");
    if (!dragged || !over) return;
    event.preventDefault();
    if (over === dragged) return;
    const box = over.getBoundingClientRect();
    const isBelow = event.clientY > box.top + box.height / 2;
    over.parentElement.insertBefore(dragged, isBelow ? over.nextSibling : over);
    said.textContent = said.dataset.said.replace("{title}", dragged.dataset.title).replace("{place}", place(dragged));
  });

  table.addEventListener("drop", (event) => event.preventDefault());

  table.addEventListener("dragend", () => {
    if (!dragged) return;
    dragged.classList.remove("is-dragged");
    const form = dragged.querySelector("[data-move]");
    const to = place(dragged);
    dragged = null;
    if (!form || to === from) return;
    const field = document.createElement("input");
    field.type = "hidden";
    field.name = "to";
    field.value = String(to);
    form.append(field);
    form.submit();
  });
})();
