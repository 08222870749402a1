package tables

import (
	"fmt"
	"slices"
	"strings"
)

// listed is how many words a fault lists when none of them is near.
const listed = 40

// Near names the word that was probably meant, or else the words that there are.
func Near(name string, words []string) string {
	if meant := Meant(name, words); meant != "" {
		return fmt.Sprintf("; was %q meant?", meant)
	}
	words = slices.DeleteFunc(slices.Clone(words), func(w string) bool { return w == "" })
	if len(words) == 0 {
		return ""
	}
	more := ""
	if len(words) > listed {
		words, more = words[:listed], ", …"
	}
	return "; there are " + strings.Join(words, ", ") + more
}

// Meant is the nearest of the words within two letters, or the one that differs
// only in how its parts are joined; "" when none is near.
func Meant(name string, words []string) string {
	near, best := "", 3
	for _, w := range words {
		if d := distance(strings.ToLower(name), strings.ToLower(w)); w != "" && d < best && d < max(len(w), 2) {
			near, best = w, d
		}
	}
	if near != "" || len(name) < 3 {
		return near
	}
	i := slices.IndexFunc(words, func(w string) bool {
		return plain(w) == plain(name)
	})
	if i < 0 {
		return ""
	}
	return words[i]
}

// OneOff is the first of the words that is one letter away from name; "" when
// none is. Words of less than three letters are near to too many, and one and
// many of a thing are two words.
func OneOff(name string, words []string) string {
	i := slices.IndexFunc(words, func(w string) bool {
		return len(w) > 2 && w+"s" != name && name+"s" != w && len(w)-len(name) <= 1 && len(name)-len(w) <= 1 && distance(name, w) == 1
	})
	if i < 0 {
		return ""
	}
	return words[i]
}

// plain is a word as it sounds: without case and what joins its parts.
func plain(w string) string {
	return strings.NewReplacer("_", "", "-", "", ".", "", " ", "").Replace(strings.ToLower(w))
}

// distance counts the letters to insert, remove, exchange or swap with the next
// between two words.
func distance(a, b string) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			exchange := rows[i-1][j-1]
			if a[i-1] != b[j-1] {
				exchange++
			}
			rows[i][j] = min(exchange, rows[i-1][j]+1, rows[i][j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}
