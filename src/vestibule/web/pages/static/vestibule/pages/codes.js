// Copies or prints recovery codes. Without JavaScript they are read, and the link to their file works.

const told = document.querySelector("[data-told]");

document.querySelectorAll("[data-copies]").forEach((button) => {
  if (!navigator.clipboard) return; // only where the connection is secure
  button.hidden = false;
  button.addEventListener("click", async () => {
    const codes = document.getElementById(button.dataset.copies).querySelectorAll("code");
    const text = [...codes].map((code) => code.textContent).join("\n");
    try {
      await navigator.clipboard.writeText(text);
      told.textContent = button.dataset.copied;
    } catch {
      told.textContent = button.dataset.refused;
    }
  });
});
document.querySelectorAll("[data-prints]").forEach((button) => {
  button.hidden = false;
  button.addEventListener("click", () => print());
});
