package password

import (
	_ "embed" // for the list of common passwords
	"strings"
)

// commonWords are what people build passwords from when they are asked for
// one, lower case, one a line.
//
//go:embed common.txt
var commonWords string

const (
	maxDecoration = 8 // signs before and behind a common word that do not make it a rare one
	fewLetters    = 5 // fewer different characters than this are a pattern, not a password
)

// common reports whether a guesser would try the password early: a common word
// with digits and signs around it or in place of its letters, one twice, a
// run along the alphabet, digits alone, or hardly any different characters.
func common(password string) bool {
	p := strings.ToLower(password)
	if distinct(p) < fewLetters || strings.Trim(p, "0123456789") == "" || isRun(p) {
		return true
	}
	bare := strings.TrimFunc(p, func(r rune) bool { return r < 'a' || r > 'z' })
	return len(p)-len(bare) <= maxDecoration && commonWord(bare) ||
		len(p)-len(bare) <= maxDecoration && commonWord(half(bare)) || commonWord(p)
}

// commonWord looks a word up as it is written, and with the letters that its
// digits and signs stand for.
func commonWord(word string) bool {
	if word == "" || strings.Contains(word, "\n") {
		return false
	}
	for _, one := range []string{"i", "l"} {
		stands := strings.NewReplacer("0", "o", "1", one, "!", one, "3", "e", "4", "a", "@", "a", "5", "s", "$", "s", "7", "t", "+", "t")
		if strings.Contains("\n"+commonWords, "\n"+stands.Replace(word)+"\n") {
			return true
		}
	}
	return false
}

// half returns what is written twice, or "".
func half(text string) string {
	n := len(text) / 2
	if n == 0 || text != text[:n]+text[:n] {
		return ""
	}
	return text[:n]
}

func distinct(text string) int {
	seen := map[rune]bool{}
	for _, r := range text {
		seen[r] = true
	}
	return len(seen)
}

// isRun reports whether each character is the next, or each the one before.
func isRun(text string) bool {
	runes := []rune(text)
	up, down := true, true
	for i := 1; i < len(runes); i++ {
		up = up && runes[i] == runes[i-1]+1
		down = down && runes[i] == runes[i-1]-1
	}
	return up || down
}
