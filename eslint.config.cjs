// What `make lint` checks of JavaScript; the rules are those that OCA takes for errors.
const globals = require("globals");

module.exports = [
  {ignores: [".odoo/"]},
  {
    files: ["**/static/**/*.js"],
    languageOptions: {
      ecmaVersion: 2024,
      globals: {...globals.browser, luxon: "readonly", odoo: "readonly"},
      sourceType: "module",
    },
    linterOptions: {reportUnusedDisableDirectives: "error"},
    rules: {
      eqeqeq: "error",
      "no-cond-assign": "error",
      "no-const-assign": "error",
      "no-debugger": "error",
      "no-dupe-args": "error",
      "no-dupe-keys": "error",
      "no-duplicate-case": "error",
      "no-duplicate-imports": "error",
      "no-empty-function": "error",
      "no-eval": "error",
      "no-shadow": "error",
      "no-undef": "error",
      "no-unreachable": "error",
      "no-unused-expressions": "error",
      "no-unused-vars": "error",
      "no-use-before-define": "error",
      "prefer-const": "error",
      "sort-imports": "error",
      "spaced-comment": ["error", "always"],
    },
  },
];
