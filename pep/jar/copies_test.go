package jar_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wardgate/wardgate/pep/jar"
)

// Max-Age is what browsers take for one, however many digits it has, and wins over
// Expires: what the application takes back is gone, and nothing lasts longer than a
// browser keeps it.
func TestMaxAgeIsReadAsBrowsersReadIt(t *testing.T) {
	const past, later = "; Expires=Mon, 02 Mar 2026 11:00:00 GMT", "; Expires=Mon, 02 Mar 2026 13:00:00 GMT"
	for text, want := range map[string]string{ // "" is a cookie that is taken back
		"0": "", "-0": "", "-1": "", "00": "", "-99999999999999999999": "", "-9223372036854775808": "", "0" + later: "", "-1" + later: "", "60; Max-Age=0": "",
		"60": "Max-Age=60", "060": "Max-Age=60", " 60 ": "Max-Age=60", "60" + past: "Max-Age=60", "0; Max-Age=60": "Max-Age=60", "60; max-age=x": "Max-Age=60",
		"34560001": "Max-Age=34560000", "9223372036854775807": "Max-Age=34560000", "99999999999999999999": "Max-Age=34560000", strings.Repeat("9", 400) + past: "Max-Age=34560000",
		"": "none", "-": "none", "--1": "none", "+5": "none", "1e9": "none", "6 0": "none", `"60"`: "none", "60s": "none", "0x1": "none", "x" + past: "",
	} {
		for _, policy := range []jar.Policy{sealed, plain} {
			given, refused, err := at(policy).jar(t).Give([]string{"theme=a; Max-Age=" + text}, "/", noon)
			if err != nil || len(refused) > 0 || len(given) == 0 {
				t.Fatalf("%.30q: got %q, %v, %v", text, given, refused, err)
			}
			for _, line := range given {
				_, attributes, _ := strings.Cut(line, "; Path=/")
				age, _, _ := strings.Cut(strings.TrimPrefix(attributes, "; "), "; ")
				if want == "" && age != "Max-Age=0" || want == "none" && strings.Contains(line, "Max-Age") || want != "" && want != "none" && age != want {
					t.Errorf("%.30q: got %q, want %q", text, line, want)
				}
			}
		}
	}
}

// Copies of a sealed cookie that were put at other paths, by hand or from an older jar, do not
// take the place of the one that was set last, in whatever order they come.
func TestOfCopiesTheNewestCounts(t *testing.T) {
	for _, policy := range []jar.Policy{sealed, plain} {
		var brought []string // of three times, the oldest first
		for i, value := range []string{"theme=old; Path=/app", "theme=older; Path=/app", "theme=new; Path=/app"} {
			given, _, err := at(policy).jar(t).Give([]string{value}, "/", noon.Add(time.Duration(i)*time.Microsecond))
			if err != nil {
				t.Fatal(err)
			}
			for _, line := range given {
				pair, _, _ := strings.Cut(line, ";")
				brought = append(brought, pair)
			}
		}
		other := set(t, at(policy), "theme=elsewhere; Path=/")
		brought = append(brought, strings.Split(other.header().Get("Cookie"), "; ")...)
		for range len(brought) {
			brought = append(brought[1:], brought[0])
			j := at(policy).jar(t)
			line, refused, err := j.Take(http.Header{"Cookie": {strings.Join(brought, "; ")}})
			got := strings.Split(line, "; ")
			slices.Sort(got)
			if err != nil || !slices.Equal(got, []string{"theme=elsewhere", "theme=new"}) || refused[jar.Copied] != 2 {
				t.Errorf("got %q, %v, %v", line, refused, err)
			}
			for _, gone := range j.Forgotten() {
				t.Errorf("the newest would be forgotten with its copies: %q", gone)
			}
		}
		same := append(slices.Clone(brought), brought...)
		if line, _, _ := at(policy).jar(t).Take(http.Header{"Cookie": {strings.Join(same, "; ")}}); strings.Count(line, "=") != 2 {
			t.Errorf("everything twice: got %q", line)
		}
	}
}

// A cookie of a neighbour's for the whole domain cannot be forgotten for it: that is tried
// once a page, and not with each picture.
func TestWhatIsPlantedIsForgottenWithPagesAlone(t *testing.T) {
	planted := "theme=planted; theme=again; __Secure-wardgate-app-AAAAAAAAAAAAAAAA=x; __Secure-wardgate-with-AAAAAAAAAAAAAAAA=x; __Secure-wardgate-with-AAAAAAAAAAAAAAAA=y"
	for mode, want := range map[string]int{"": 3, "navigate": 3, "cors": 0, "no-cors": 0} {
		h := http.Header{"Cookie": {planted}}
		if mode != "" {
			h.Set("Sec-Fetch-Mode", mode)
		}
		j := at(plain).jar(t)
		if line, _, err := j.Take(h); line != "" || err != nil || len(j.Forgotten()) != want {
			t.Errorf("%s: got %q, %v, forgets %q", mode, line, err, j.Forgotten())
		}
	}
	// What another session's is, is known to the place, and goes at once.
	b := set(t, at(sealed), "a=b")
	h := b.header()
	h.Set("Sec-Fetch-Mode", "cors")
	next := at(sealed)
	next.sid = "session-2"
	j := next.jar(t)
	if line, _, err := j.Take(h); line != "" || err != nil || len(j.Forgotten()) != 1 {
		t.Errorf("got %q, %v, forgets %q", line, err, j.Forgotten())
	}
}
