/**
 * Put a text on the clipboard.
 * @param {string} text
 */
export async function copyText(text) {
  if (navigator.clipboard) {
    await navigator.clipboard.writeText(text);
    return;
  }
  // A page that comes over plain HTTP from another machine has no clipboard of its own.
  const field = Object.assign(document.createElement('textarea'), { value: text });
  document.body.append(field);
  field.select();
  document.execCommand('copy');
  field.remove();
}

/**
 * A button's act: copy what `text` gives, and say so on the button for a while.
 * @param {HTMLElement} label
 * @param {() => string} text
 */
export function copyAndSay(label, text) {
  const words = label.textContent;
  let timer = 0;
  return async () => {
    clearTimeout(timer);
    try {
      await copyText(text());
      label.textContent = 'Copied';
    } catch {
      label.textContent = 'Not allowed';
    }
    timer = window.setTimeout(() => {
      label.textContent = words;
    }, 1500);
  };
}
