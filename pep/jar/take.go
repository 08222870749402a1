package jar

import (
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/wardgate/wardgate/pep/session"
)

// A pair is one cookie of a request.
type pair struct{ name, value string }

func pairsOf(h http.Header) (all []pair) {
	for _, line := range h["Cookie"] {
		for one := range strings.SplitSeq(line, ";") {
			name, value, _ := strings.Cut(one, "=")
			all = append(all, pair{strings.TrimSpace(name), strings.TrimSpace(value)})
		}
	}
	return all
}

// Take returns what of a request's cookies goes on to the application, as the header
// Cookie has it, "" for nothing. An error says that the key is not known: nothing goes on,
// and the browser forgets nothing.
func (j *Jar) Take(h http.Header) (line string, refused Refused, err error) {
	pairs, refused := pairsOf(h), Refused{}
	mode := h.Get("Sec-Fetch-Mode")
	j.page = mode == "" || mode == "navigate"
	own, err := j.ofSession(sealed, pairs, refused)
	if err != nil {
		return "", nil, err
	}
	known, err := j.ofSession(companion, pairs, refused)
	if err != nil {
		return "", nil, err
	}
	mine := byName(known)
	var on []string
	for i, one := range pairs {
		var goes bool
		switch in, is := own[i]; {
		case is:
			one, goes = pair{in.name, in.value}, j.fits(one.name, in, refused)
		case slices.Contains(j.policy.Plain, one.name):
			goes = j.plain(one, mine, refused)
		}
		if goes {
			on = append(on, one.name+"="+one.value)
		}
	}
	return strings.Join(on, "; "), refused, nil
}

// fits reports whether there is room for what a sealed cookie holds.
func (j *Jar) fits(called string, in holds, refused Refused) bool {
	if !j.hold(in.place(), len(in.name)+len(in.value)) {
		refused[TooMany]++
		j.forget(called, in.path)
		return false
	}
	return true
}

// ofSession is what Wardgate's cookies of a kind hold, by their places among those that
// were brought, as far as they are of this session. All others are forgotten; with a
// companion goes the plain one too. A browser has one cookie of a name and path: of
// copies that were put elsewhere beside it, the one that was set last counts.
func (j *Jar) ofSession(k kind, pairs []pair, refused Refused) (map[int]holds, error) {
	own, at := map[int]holds{}, map[place]int{}
	for i, one := range pairs {
		if !strings.HasPrefix(one.name, j.prefix(k)) {
			continue
		}
		in, err := j.open(k, one)
		switch {
		case errors.Is(err, session.ErrForged):
			refused[Forged]++
			j.forgetSomewhere(one.name)
		case err != nil:
			return nil, err
		case in.session != j.session || !j.policy.passes(k, in.name):
			refused[Foreign]++
			j.forget(one.name, in.path)
			if k == companion {
				j.forget(in.name, in.path)
			}
		default:
			if before, twice := at[in.place()]; twice {
				refused[Copied]++
				if !in.after(own[before]) {
					continue
				}
				delete(own, before)
			}
			own[i], at[in.place()] = in, i
		}
	}
	return own, nil
}

// after reports whether one cookie was set after another one of its place. Of two that
// were set at once the choice is the same for whatever order they come in.
func (in *holds) after(other holds) bool {
	return in.set > other.set || in.set == other.set && in.value > other.value
}

// byName are companions by the names of the plain ones beside them.
func byName(known map[int]holds) map[string][]holds {
	mine := map[string][]holds{}
	for _, i := range slices.Sorted(maps.Keys(known)) {
		mine[known[i].name] = append(mine[known[i].name], known[i])
	}
	return mine
}

// plain reports whether a plain cookie goes on: it is as the application set it in this
// session, and each companion stands for one. One that no companion of this session knows
// may be of anybody: it is forgotten. One that a script of this session has written stays
// with the browser.
func (j *Jar) plain(one pair, mine map[string][]holds, refused Refused) bool {
	known, ours := mine[one.name]
	if !ours {
		refused[Altered]++
		j.forgetSomewhere(one.name)
		return false
	}
	i := slices.IndexFunc(known, func(in holds) bool { return in.value == digest(one.value) })
	if i < 0 {
		refused[Altered]++
		return false
	}
	path := known[i].path
	mine[one.name] = slices.Delete(known, i, i+1)
	if !j.hold(place{one.name, path}, len(one.name)+len(one.value)) {
		refused[TooMany]++
		j.forget(one.name, path)
		j.forget(j.called(companion, one.name), path)
		return false
	}
	return true
}
