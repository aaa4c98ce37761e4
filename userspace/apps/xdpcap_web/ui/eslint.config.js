// What Prettier and the compiler do not see. ESLint is started at the root of the repository, so
// that it reaches tests/system as well (npm run lint).
import js from '@eslint/js';
import a11y from 'eslint-plugin-jsx-a11y';
import hooks from 'eslint-plugin-react-hooks';
import { defineConfig } from 'eslint/config';
import typescript from 'typescript-eslint';

// In Node.js and in the page that it drives.
const names =
  'URL URLSearchParams console document fetch getComputedStyle innerWidth location navigator ' +
  'performance process setTimeout window';

export default defineConfig(
  { ignores: ['**/dist/'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  js.configs.recommended,
  // Strings too, which Prettier leaves as they are.
  { rules: { 'max-len': ['error', { code: 100 }] } },
  {
    files: ['**/*.ts', '**/*.tsx'],
    extends: [
      typescript.configs.strict,
      typescript.configs.stylistic,
      hooks.configs.flat.recommended,
      a11y.flatConfigs.recommended,
    ],
    rules: {
      // An index that was compared with the length before is not compared again.
      '@typescript-eslint/no-non-null-assertion': 'off',
      // What scrolls can be reached by the keyboard.
      'jsx-a11y/no-noninteractive-tabindex': ['error', { tags: ['pre'], roles: ['group', 'grid'] }],
    },
  },
  {
    // A list has the focus and the keys of its rows, and names one (aria-activedescendant).
    files: ['**/live/row.tsx', '**/connections/page.tsx'],
    rules: {
      'jsx-a11y/click-events-have-key-events': 'off',
      'jsx-a11y/interactive-supports-focus': 'off',
    },
  },
  {
    files: ['**/*.mjs'],
    languageOptions: {
      globals: Object.fromEntries(names.split(' ').map((name) => [name, 'readonly'])),
    },
  },
);
