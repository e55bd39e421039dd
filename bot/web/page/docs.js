// The page works without this; it only adds a button that copies.
for (const block of document.querySelectorAll(".block")) {
  const code = block.querySelector("code");
  const button = document.createElement("button");
  button.type = "button";
  button.className = "copy";
  button.textContent = "Copy";
  button.addEventListener("click", async () => {
    const selection = getSelection();
    selection.selectAllChildren(code);
    try {
      await navigator.clipboard.writeText(code.textContent);
      selection.removeAllRanges();
      button.textContent = "Copied";
    } catch {
      button.textContent = "Selected: press Ctrl C";
    }
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  });
  block.append(button);
}
