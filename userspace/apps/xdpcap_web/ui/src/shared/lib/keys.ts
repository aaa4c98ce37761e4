// One place for the keyboard: components name the keys that they use while they are shown.
import { useEffect, useEffectEvent } from 'react';

export type KeyMap = Readonly<Record<string, (event: KeyboardEvent) => void>>;

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLInputElement ||
    target instanceof HTMLTextAreaElement ||
    target instanceof HTMLSelectElement
  );
}

// A key that belongs to what has the focus: the blank presses a button, Enter too.
function isPressing(event: KeyboardEvent): boolean {
  const onControl =
    event.target instanceof HTMLElement &&
    event.target.closest('button, a, summary, [role="button"]') !== null;
  return onControl && (event.key === ' ' || event.key === 'Enter');
}

// Names as KeyboardEvent.key has them. Not while something is typed, except Escape, and never with
// Ctrl, Alt or Meta.
export function useKeys(keys: KeyMap): void {
  const onKey = useEffectEvent((event: KeyboardEvent) => {
    if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey) return;
    // What is asked in a dialog is the dialog's.
    if (document.querySelector('dialog[open]')) return;
    if (event.key !== 'Escape' && (isTyping(event.target) || isPressing(event))) return;
    const action = keys[event.key];
    if (!action) return;
    action(event);
    event.preventDefault();
  });
  useEffect(() => {
    const listen = (event: KeyboardEvent): void => onKey(event);
    document.addEventListener('keydown', listen);
    return () => document.removeEventListener('keydown', listen);
  }, []);
}
