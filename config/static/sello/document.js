// Keeps the customer's page true: asks now and then which version is current, and loads it when it changed.
"use strict";
(() => {
  const main = document.querySelector("main[data-version]");
  if (!main) return;
  let wait = 3000;
  const ask = async () => {
    try {
      const answer = await fetch(main.dataset.statusUrl, {
        headers: { "If-None-Match": `"${main.dataset.version}"` },
        cache: "no-store",
      });
      if (answer.status === 200 && (await answer.json()).version !== main.dataset.version) {
        location.reload();
        return;
      }
      wait = Math.min(wait * 1.3, 60000);
    } catch {
      wait = Math.min(wait * 2, 60000);
    }
    setTimeout(ask, wait);
  };
  setTimeout(ask, wait);
})();
