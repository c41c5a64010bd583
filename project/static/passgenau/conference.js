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

  // Opening a poll, or a vote by count: only what the chosen kind needs.
  const followRadios = (name, attribute) => {
    const radios = [...document.querySelectorAll(`input[type="radio"][name="${name}"]`)];
    const parts = [...document.querySelectorAll(`[${attribute}]`)];
    if (!radios.length || !parts.length) return;
    const follow = () => {
      const chosen = radios.find((radio) => radio.checked);
      parts.forEach((part) => {
        const wanted = part.getAttribute(attribute).split(" ");
        part.hidden = !part.querySelector(".kern-error") && !(chosen && wanted.includes(chosen.value));
      });
    };
    radios.forEach((radio) => radio.addEventListener("change", follow));
    follow();
  };
  followRadios("how", "data-shown-how");
  followRadios("kind", "data-shown-kind");
  followRadios("result", "data-shown-for");

  // Decision: only what the chosen result needs, the count as it grows, a yes for all who are there.
  const form = document.querySelector("[data-decide]");
  if (!form) return;

  const line = form.querySelector("[data-count]");
  const isByCount = () => {
    const how = form.querySelector('input[name="how"]:checked');
    return Boolean(how) && how.value !== "named";
  };
  const votes = [...form.querySelectorAll("select[data-vote]")];
  // Groups of which members must be there: as the server counts them (stakeholders/procedure.py).
  const groupRules = [...form.querySelectorAll("[data-group-rule]")];
  const groups = () =>
    groupRules.reduce((areThere, row) => {
      const own = votes.filter((vote) => vote.dataset.group === row.dataset.groupRule);
      const of = (...choices) => own.filter((vote) => choices.includes(vote.value));
      const biased = of("biased").length;
      const able = own.length - biased;
      const { least, percent } = row.dataset;
      let needed = least
        ? Math.max(Math.min(Number(least), able), Number(least) - biased)
        : Math.max(1, Math.ceil((able * Number(percent)) / 100));
      if (own.length && !able) needed = 0;
      const present = of("yes", "no", "abstain", "present").length;
      const isThere = present >= needed;
      const members = of("absent", "silent").map((vote) => vote.dataset.member).sort().join(", ") || "–";
      const { groupThere, groupLacks } = row.parentElement.dataset;
      row.textContent = filled(isThere ? groupThere : groupLacks, { group: row.dataset.name, present, needed, members });
      row.classList.toggle("is-missing", !isThere);
      return areThere && isThere;
    }, true);

  // By name each vote is a yes or a no, by count it is only who took part: offer what fits.
  const offer = () => {
    votes.forEach((vote) =>
      [...vote.options].forEach((option) => {
        const isOther = isByCount() ? ["yes", "no", "abstain"] : ["present"];
        option.hidden = isOther.includes(option.value) && !option.selected;
      }),
    );
  };
  const count = () => {
    offer();
    if (!line) return;
    const of = (choice) => votes.filter((vote) => vote.value === choice).length;
    const numbers = [...form.querySelectorAll("[data-number]")].map((field) => Number(field.value) || 0);
    const present = ["yes", "no", "abstain", "present"].map(of).reduce((sum, number) => sum + number, 0);
    const [yes, no, abstain] = isByCount() ? numbers : ["yes", "no", "abstain"].map(of);
    const { voting } = line.dataset;
    // Who is biased is out of the base of the quorum; whole numbers, so that nothing is rounded up wrongly.
    const able = Number(voting) - of("biased");
    const quorum = Math.max(1, Math.ceil((able * Number(line.dataset.quorumPercent)) / 100));
    // Absences taken over from the item before are no vote yet.
    if (!present && votes.some((vote) => !vote.value)) return;
    const areGroupsThere = groups();
    const isQuorate = present >= quorum && areGroupsThere;
    const sentence = present < quorum ? "notQuorate" : isQuorate ? "quorate" : "groupMissing";
    const text = filled(line.dataset[sentence], { present, voting, quorum });
    line.textContent = `${text} ${filled(line.dataset.tally, { yes, no, abstain })}`;
    line.classList.toggle("is-missing", !isQuorate);
  };
  votes.forEach((vote) => vote.addEventListener("change", count));
  form.querySelectorAll('[data-number], input[name="how"]').forEach((field) => field.addEventListener("input", count));

  const allYes = form.querySelector("[data-all-yes]");
  if (allYes) {
    allYes.addEventListener("click", (event) => {
      event.preventDefault();
      votes.forEach((vote) => {
        if (vote.value !== "absent" && vote.value !== "biased") vote.value = isByCount() ? "present" : "yes";
      });
      count();
    });
  }

  count();
})();
