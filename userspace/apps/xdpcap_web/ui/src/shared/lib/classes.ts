// The names for `className`: `always`, and those of `some` that hold.
export function classes(always: string, some: Readonly<Record<string, boolean>>): string {
  const names = Object.keys(some).filter((name) => some[name]);
  return [always, ...names].join(' ');
}
