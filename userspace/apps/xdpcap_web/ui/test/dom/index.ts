// What tests of components share: the page, the library that draws into it, answers of the API.
import { reportSizes } from './globals';
import { act, cleanup } from '@testing-library/react';
import { afterEach } from 'node:test';

export { fireEvent, render, screen, waitFor, within } from '@testing-library/react';
export { act };

const answers = new Map<string, unknown>();
const questions: string[] = [];

// `data` for GET `path`, whatever its parameters are.
export function answer(path: string, data: unknown): void {
  answers.set(path, data);
}

// What was asked since the test began.
export function asked(): readonly string[] {
  return questions;
}

globalThis.fetch = (input) => {
  const url = String(input);
  questions.push(url);
  const body = answers.get(url.split('?')[0] ?? '');
  if (body === undefined) return Promise.reject(new Error('no answer'));
  return Promise.resolve(new Response(JSON.stringify(body)));
};

afterEach(() => {
  cleanup();
  answers.clear();
  questions.length = 0;
});

// As if the layout had made elements so high and so wide.
export function resize(height: number, width = 1000): void {
  const sizes = { clientHeight: height, clientWidth: width };
  for (const [name, value] of Object.entries(sizes)) {
    Object.defineProperty(HTMLElement.prototype, name, { configurable: true, value });
  }
  act(reportSizes);
}

// Where the reader goes by the address.
export async function visit(hash: string): Promise<void> {
  await act(async () => {
    location.hash = hash;
    await new Promise((done) => setTimeout(done, 10));
  });
}
