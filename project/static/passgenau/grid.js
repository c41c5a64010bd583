// Tables of fields: Enter and the arrow keys go to the next cell. Without it, Tab does.
(() => {
  "use strict";

  const fieldsOf = (row) => [...row.querySelectorAll("input:not([type=hidden])")];

  const neighbour = (field, step) => {
    const row = field.closest("tr");
    const rows = [...row.parentElement.children];
    const column = fieldsOf(row).indexOf(field);
    for (let at = rows.indexOf(row) + step; at >= 0 && at < rows.length; at += step) {
      const found = fieldsOf(rows[at])[column];
      if (found) return found;
    }
    return null;
  };

  const beside = (field, step) => {
    const fields = fieldsOf(field.closest("table"));
    return fields[fields.indexOf(field) + step] || null;
  };

  // To the left and right only from the edge of a text, so that it can still be corrected.
  const isAtEdge = (field, step) =>
    field.selectionStart === field.selectionEnd &&
    field.selectionStart === (step < 0 ? 0 : field.value.length);

  const target = (event, field) => {
    if (event.key === "Enter") return neighbour(field, event.shiftKey ? -1 : 1) || field;
    if (event.key === "ArrowDown") return neighbour(field, 1);
    if (event.key === "ArrowUp") return neighbour(field, -1);
    if (event.key === "ArrowRight" && isAtEdge(field, 1)) return beside(field, 1);
    if (event.key === "ArrowLeft" && isAtEdge(field, -1)) return beside(field, -1);
    return null;
  };

  document.addEventListener("keydown", (event) => {
    const field = event.target;
    if (!(field instanceof HTMLInputElement) || !field.closest("table[data-grid]")) return;
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const next = target(event, field);
    if (!next) return;
    event.preventDefault();
    next.focus();
    // The browser takes a field under the bar of buttons for one that can be seen.
    next.scrollIntoView({ block: "nearest" });
    next.select();
  });
})();
