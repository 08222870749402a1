package route_test

import (
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pep/code"
	"github.com/wardgate/wardgate/pep/route"
)

// A plainRow is the reading of a template that tests hold the table against: by regular
// expressions, one row after the other.
type plainRow struct {
	route pdp.Route
	takes *regexp.Regexp
	ranks []int
}

var grammars = []struct{ part, pattern string }{
	{"{p0:uuid}", `[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`},
	{"{p1:oid}", `(0|[1-9][0-9]*)(\.(0|[1-9][0-9]*))+`},
	{"{p2}", `[a-z0-9][a-z0-9_-]*`},
	{"{p3:segment}", `[A-Za-z0-9._~-]*[A-Za-z0-9_~-]`},
	{"{more...}", `(([A-Za-z0-9._~-]*[A-Za-z0-9_~-][A-Za-z0-9._~-]*)(/[A-Za-z0-9._~-]*[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*/?)?`},
}

// drawnRow draws a template of up to three segments, and how it is read.
func drawnRow(r *rand.Rand) plainRow {
	words := []string{"a", "b", "A", "a.", "1.2", "p-1"}
	path, pattern := "", "^"
	var one plainRow
	for i := range 1 + r.IntN(3) {
		path, pattern = path+"/", pattern+"/"
		rank := r.IntN(len(grammars) + 3)
		switch {
		case i > 0 && rank == len(grammars)+2 && r.IntN(3) == 0:
			// a slash at the end, by which no row is stricter
		case rank >= len(grammars):
			word := words[r.IntN(len(words))]
			path, pattern = path+word, pattern+regexp.QuoteMeta(word)
			one.ranks = append(one.ranks, -1)
			continue
		default:
			g := grammars[rank]
			path, pattern = path+strings.Replace(g.part, "{p", "{"+string(rune('x'+i)), 1), pattern+g.pattern
			one.ranks = append(one.ranks, rank)
			if rank < len(grammars)-1 {
				continue
			}
		}
		break
	}
	one.takes = regexp.MustCompile(pattern + "$")
	resource := "page"
	if at := strings.LastIndex(path, "{"); at >= 0 {
		if name, _, _ := strings.Cut(path[at+1:], ":"); name != "more...}" {
			resource = strings.TrimSuffix(name, "}")
		} else if first := strings.Index(path, "{"); first < at {
			name, _, _ := strings.Cut(path[first+1:], "}")
			resource, _, _ = strings.Cut(name, ":")
		}
	}
	method := "GET"
	if r.IntN(3) == 0 && !strings.HasSuffix(path, "...}") {
		method = "DELETE"
	}
	one.route = of("lab", row(method, path, "x.y", resource))
	return one
}

// spellings are a path in other ones.
func spellings(r *rand.Rand, path string) (list []string) {
	list = append(list, path+"/", path+".", strings.TrimSuffix(path, "/"), strings.ToLower(path), strings.ToUpper(path),
		strings.ReplaceAll(path, "./", "/"), strings.TrimRight(path, "./"))
	for range 6 {
		segments := strings.Split(path, "/")
		for i, s := range segments {
			switch {
			case s == "":
			case r.IntN(4) == 0:
				segments[i] = strings.ToLower(s)
			case r.IntN(4) == 0:
				segments[i] = strings.ToUpper(s)
			case r.IntN(4) == 0:
				segments[i] = s + "."
			case r.IntN(4) == 0:
				segments[i] = strings.TrimRight(s, ".")
			}
		}
		list = append(list, strings.Join(segments, "/"), strings.Join(segments, "/")+"/")
	}
	return list
}

func drawnPath(r *rand.Rand) string {
	parts := []string{"a", "b", "A", "a.", "1.2", "1.2.", "P-1", "p-1", "0f8fad5b-d9cb-469f-a165-70867728950e", "0F8FAD5B-d9cb-469f-a165-70867728950e", "x~.Y", "01.2", "..", ""}
	path := ""
	for range 1 + r.IntN(3) {
		path += "/" + parts[r.IntN(len(parts))]
	}
	return path
}

// TestNoPathEvadesAStricterRow: for tables and paths at random, the row that takes a path
// is the strictest that does, whatever methods rows have, and no other spelling of the path
// is a stricter row's.
func TestNoPathEvadesAStricterRow(t *testing.T) {
	r := rand.New(rand.NewPCG(13, 2))
	taken, refused, tables := 0, 0, 0
	for range 4000 {
		var rows []plainRow
		var routes []pdp.Route
		for range 2 + r.IntN(4) {
			one := drawnRow(r)
			rows, routes = append(rows, one), append(routes, one.route)
		}
		table, err := route.New(&pdp.Tables{Routes: routes}, "lab")
		if err != nil {
			continue // rows tie
		}
		tables++
		for range 20 {
			path := drawnPath(r)
			method := []string{"GET", "DELETE"}[r.IntN(2)]
			m := table.LookUp("lab", method, path, "")
			var taking []plainRow
			for _, one := range rows {
				if one.takes.MatchString(path) {
					taking = append(taking, one)
				}
			}
			strictest := slices.MinFunc(append(taking, plainRow{ranks: []int{9}}), func(a, b plainRow) int { return slices.Compare(a.ranks, b.ranks) })
			if m.Route == nil {
				if m.Flaw == "" && len(taking) > 0 {
					t.Fatalf("%q: no row of %v, want %s", path, routes, strictest.route.Path)
				}
				if m.Flaw == code.PathAmbiguous {
					refused++
				}
				continue
			}
			taken++
			if m.Route.Method != method || m.Route.Path != strictest.route.Path {
				t.Fatalf("%q: got %s of %v, want %s", path, m.Route.Path, routes, strictest.route.Path)
			}
			for _, other := range spellings(r, path) {
				for _, one := range rows {
					if one.takes.MatchString(other) && slices.Compare(one.ranks, strictest.ranks) < 0 {
						t.Fatalf("%q is taken by %s, and as %q it is that of %s", path, m.Route.Path, other, one.route.Path)
					}
				}
			}
		}
	}
	if tables < 500 || taken < 2000 || refused < 200 {
		t.Errorf("%d tables, %d paths taken, %d refused: the test says little", tables, taken, refused)
	}
}

// FuzzRest: a rest takes no path of which programs know more than one reading.
func FuzzRest(f *testing.F) {
	for _, seed := range []string{"/ui/x", "/ui/../x", "/ui/%2e", "/ui//x", "/ui/x;y", "/a\\b", "/.wardgate/x", "/ui/x%2Fy", "/\x00", "/studies/1.2", "/…"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, path string) {
		m := archive(t).LookUp("archive", "GET", path, "")
		if m.Route == nil {
			return
		}
		for segment := range strings.SplitSeq(strings.TrimSuffix(path[1:], "/"), "/") {
			if path != "/" && strings.Trim(segment, ".") == "" {
				t.Errorf("%q was taken", path)
			}
		}
		if strings.ContainsAny(path, "%\\;\x00 ?#") || strings.Contains(path, "//") || strings.HasPrefix(strings.ToLower(path)+"/", "/.wardgate/") {
			t.Errorf("%q was taken", path)
		}
	})
}
