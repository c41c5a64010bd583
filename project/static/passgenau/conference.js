// Comforts of conference and decision; every page works without them.
(() => {
  "use strict";

  const filled = (text, values) => text.replace(/\{(\w+)\}/g, (_match, name) => values[name]);

  // Without scripts a button fetches the evidence for other areas; with them it appears by itself.
  document.querySelectorAll("[data-without-script]").forEach((part) => {
    part.hidden = true;
  });

  // Evidence: how much has been ticked.
  document.addEventListener("change", (event) => {
    const part = event.target.closest("[data-evidence]");
    if (!part) return;
    const line = part.querySelector("[data-evidence-count]");
    const ticked = (name) => part.querySelectorAll(`input[name="${name}"]:checked`).length;
    line.textContent = filled(line.dataset.one, { indicators: ticked("indicators"), statements: ticked("statements") });
  });

  // Decision: only what the chosen result needs, the count as it grows, a yes for all who are there.
  const form = document.querySelector("[data-decide]");
  if (!form) return;

  const line = form.querySelector("[data-count]");
  const votes = [...form.querySelectorAll("select[data-vote]")];
  const count = () => {
    const of = (choice) => votes.filter((vote) => vote.value === choice).length;
    const [yes, no, abstain] = ["yes", "no", "abstain"].map(of);
    const { voting } = line.dataset;
    // Who is biased is out of the base of the quorum; whole numbers, so that nothing is rounded up wrongly.
    const able = Number(voting) - of("biased");
    const quorum = Math.max(1, Math.ceil((able * Number(line.dataset.quorumPercent)) / 100));
    const present = yes + no + abstain;
    // Absences taken over from the item before are no vote yet.
    if (!present && votes.some((vote) => !vote.value)) return;
    const isQuorate = present >= quorum;
    const text = filled(isQuorate ? line.dataset.quorate : line.dataset.notQuorate, { present, voting, quorum });
    line.textContent = `${text} ${filled(line.dataset.tally, { yes, no, abstain })}`;
    line.classList.toggle("is-missing", !isQuorate);
  };
  votes.forEach((vote) => vote.addEventListener("change", count));

  const allYes = form.querySelector("[data-all-yes]");
  if (allYes) {
    allYes.addEventListener("click", (event) => {
      event.preventDefault();
      votes.forEach((vote) => {
        if (vote.value !== "absent" && vote.value !== "biased") vote.value = "yes";
      });
      count();
    });
  }

  const show = () => {
    const chosen = form.querySelector('input[name="result"]:checked');
    form.querySelectorAll("[data-shown-for]").forEach((part) => {
      const hasError = part.querySelector(".kern-error");
      part.hidden = !hasError && (!chosen || part.dataset.shownFor !== chosen.value);
    });
  };
  form.querySelectorAll('input[name="result"]').forEach((radio) => radio.addEventListener("change", show));
  show();
  count();
})();
