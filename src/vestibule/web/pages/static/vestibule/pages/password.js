// The line below a new password: the server's rule, as far as it is cheap to know (accounts/password_validators.py has
// the whole of it and decides). It changes where a rule is met or broken, not at each key, because it is read aloud.
"use strict";

(() => {
  const OWN_CHARACTERS = 8, LONGEST_AFFIX = 6, SHORTEST_WORD = 4, LONG = 4; // the last: more than the least
  const ROWS = ["12345678901234567890", "abcdefghijklmnopqrstuvwxyz", "qwertyuiop", "qwertzuiop", "azertyuiop", "asdfghjkl", "zxcvbnm"];
  const RUNS = new Set(ROWS.flatMap((row) => [row, [...row].reverse().join("")])
    .flatMap((row) => [...row.slice(2)].map((_, start) => row.slice(start, start + 3))));
  const COMMON = new Set(["password", "passwort", "motdepasse", "contraseña", "senha", "wachtwoord", "haslo", "parola",
    "qwerty", "letmein", "welcome", "iloveyou", "administrator", "football", "baseball", "sunshine", "princess",
    "superman", "changeme", "trustno"]);
  const LEETSPEAK = { "@": "a", 4: "a", 3: "e", 1: "i", 0: "o", 5: "s", $: "s", 7: "t", "!": "l" };

  const isRun = (three) => three.length === 3 && (RUNS.has(three) || /^(.)\1\1$/u.test(three));

  // A run of three or more (a row of keys, the alphabet, one character again and again) counts as two.
  function ownCharacters(text) {
    let own = 0;
    for (let place = 0; place < text.length;) {
      let end = place + 2;
      while (isRun(text.slice(end - 2, end + 1))) end += 1;
      const ran = end - place > 2;
      own += ran ? 2 : 1;
      place = ran ? end : place + 1;
    }
    return own;
  }

  function isCommon(folded) {
    const word = folded.replace(/^[^\p{L}]+|[^\p{L}]+$/gu, "");
    const plain = [...word].map((each) => LEETSPEAK[each] ?? each).join("");
    const repeated = /^(.{1,8}?)\1+$/u.test(folded);
    const dressed = folded.length - word.length <= LONGEST_AFFIX && (COMMON.has(word) || COMMON.has(plain));
    return dressed || repeated || ownCharacters(folded) < OWN_CHARACTERS;
  }

  // What else the person typed on this page.
  function ownWords(input) {
    const named = [...input.form.elements].filter((each) => /^(email|name|username|full_name|phone_number)$/.test(each.name));
    const texts = named.map((each) => each.value.toLowerCase());
    const parts = texts.flatMap((text) => [text, text.split("@")[0], ...text.split(/[^\p{L}\p{N}]+/u)]);
    return parts.filter((part) => part.length >= SHORTEST_WORD).sort((one, other) => other.length - one.length);
  }

  function isOwn(folded, words) {
    const rest = words.reduce((left, word) => left.replaceAll(word, ""), folded);
    return rest !== folded && ownCharacters(rest) < OWN_CHARACTERS;
  }

  function judge(input, least) {
    const typed = input.value.normalize("NFC"), folded = typed.toLowerCase(), { length } = [...typed];
    if (length < least) return "rule";
    if (isCommon(folded)) return "common";
    if (isOwn(folded, ownWords(input))) return "own";
    return length < least + LONG ? "good" : "strong";
  }

  function advise(line) {
    const input = document.getElementById(line.dataset.password);
    input.addEventListener("input", () => {
      const found = judge(input, Number(line.dataset.least)), words = line.dataset[found];
      line.className = found === "common" || found === "own" ? "error" : found === "rule" ? "hint" : "hint good";
      if (line.textContent !== words) line.textContent = words;
    });
  }

  document.querySelectorAll("[data-password]").forEach(advise);
})();
