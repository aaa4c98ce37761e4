// A click opens; the end of a stroke that selects text does not.
export function isSelecting(): boolean {
  return window.getSelection()?.type === 'Range';
}
