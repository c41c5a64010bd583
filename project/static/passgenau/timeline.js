// Timeline: one stop for the tab key, arrow keys lead from bar to bar. Without this every bar is a stop.
(() => {
  "use strict";

  document.querySelectorAll("[data-gantt]").forEach((region) => {
    const bars = [...region.querySelectorAll("a.pg-gantt__bar")];
    if (!bars.length) return;
    const stopAt = (place) => {
      bars.forEach((bar, index) => bar.setAttribute("tabindex", index === place ? "0" : "-1"));
    };
    const goTo = (place) => {
      const next = Math.min(Math.max(place, 0), bars.length - 1);
      stopAt(next);
      bars[next].focus();
      bars[next].scrollIntoView({ block: "nearest", inline: "nearest" });
    };
    stopAt(0);
    region.addEventListener("keydown", (event) => {
      const place = bars.indexOf(document.activeElement);
      const steps = { ArrowDown: place + 1, ArrowUp: place - 1, Home: 0, End: bars.length - 1 };
      if (!(event.key in steps) || event.altKey || event.ctrlKey || event.metaKey) return;
      // From the region itself the arrow keys scroll, as anywhere; down leads to the first bar.
      if (place < 0 && event.key !== "ArrowDown") return;
      event.preventDefault();
      goTo(steps[event.key]);
    });

    // Today comes into view where the picture is wider than its place.
    const today = region.querySelector(".pg-span__today");
    if (today && region.scrollWidth > region.clientWidth) {
      region.scrollLeft = Math.max(0, today.x1.baseVal.value - region.clientWidth / 2);
    }
  });
})();
