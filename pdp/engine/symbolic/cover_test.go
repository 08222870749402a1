package symbolic_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/wardgate/wardgate/pdp/engine/symbolic"
)

// A cover holds where it must and nowhere but where it may, and none of its cubes
// can be left out.
func TestCoversHoldWhereTheyMust(t *testing.T) {
	s := space()
	_, d, err := analysed(t, s, "answer if input.state == \"fresh\"\n")
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		must := drawn(s, d, r)
		may := d.Or(must, drawn(s, d, r))
		cubes, ok := d.Cover(must, may, 1000)
		if !ok {
			t.Fatal("no cover was found")
		}
		all := symbolic.No
		for _, c := range cubes {
			all = d.Or(all, d.Cube(c))
		}
		if d.And(must, d.Not(all)) != symbolic.No || d.And(all, d.Not(may)) != symbolic.No {
			t.Fatal("the cover does not lie between must and may")
		}
		for i := range cubes {
			rest := symbolic.No
			for j := range cubes {
				if j != i {
					rest = d.Or(rest, d.Cube(cubes[j]))
				}
			}
			if d.And(must, d.Not(rest)) == symbolic.No {
				t.Fatalf("cube %d of %v is not needed", i, cubes)
			}
		}
	}
	if _, ok := d.Cover(symbolic.Yes, symbolic.No, 10); ok {
		t.Error("more is covered than may be")
	}
	if cubes, ok := d.Cover(symbolic.No, symbolic.Yes, 10); !ok || len(cubes) != 0 {
		t.Errorf("nothing is covered by %v", cubes)
	}
	if cubes, ok := d.Cover(symbolic.Yes, symbolic.Yes, 10); !ok || len(cubes) != 1 || len(cubes[0]) != 0 {
		t.Errorf("everything is covered by %v", cubes)
	}
}

// drawn is some function of the first eight variables.
func drawn(s *symbolic.Space, d *symbolic.Diagrams, r *rand.Rand) symbolic.Node {
	n := symbolic.No
	for range 1 + r.IntN(5) {
		cube := symbolic.Yes
		for range 1 + r.IntN(4) {
			v := r.IntN(8)
			cube = d.And(cube, d.Is(v, r.IntN(len(s.Variables()[v].Values))))
		}
		n = d.Or(n, cube)
	}
	return n
}

// Where variables are given values, a function is what it was there; and whether it covers itself
// at other values is told as its parts would tell it.
func TestFunctionsAtValues(t *testing.T) {
	s := space()
	_, d, err := analysed(t, s, "answer if input.state == \"fresh\"\n")
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(3, 4))
	value := func(v int) int { return r.IntN(len(s.Variables()[v].Values)) }
	some := func() map[int]int {
		at := map[int]int{}
		for range 1 + r.IntN(3) {
			v := r.IntN(9) // one that no function looks at, too
			at[v] = value(v)
		}
		return at
	}
	covered := 0
	for range 2000 {
		n, within, values, covering := drawn(s, d, r), drawn(s, d, r), some(), some()
		at := d.At(n, values)
		for range 20 {
			assignment := make([]int, len(s.Variables()))
			for v := range assignment {
				assignment[v] = value(v)
			}
			moved := slices.Clone(assignment)
			for v, to := range values {
				moved[v] = to
			}
			if d.Holds(at, assignment) != d.Holds(n, moved) {
				t.Fatalf("with %v it is not what it was there", values)
			}
		}
		more := d.But(at, d.At(n, covering))
		if more != d.And(at, d.Not(d.At(n, covering))) {
			t.Fatal("what one is but the other is something else")
		}
		want := d.And(within, more) == symbolic.No
		if d.Covers(within, n, covering, values) != want {
			t.Fatalf("from %v to %v: covers says %t", values, covering, !want)
		}
		if want {
			covered++
		}
	}
	if covered < 200 || covered > 1800 {
		t.Errorf("%d of 2,000 were covered: the draw says little", covered)
	}
}

// Without a variable, a function holds where some value of it made it hold.
func TestVariablesGo(t *testing.T) {
	s := space()
	_, d, err := analysed(t, s, "answer if input.state == \"fresh\"\n")
	if err != nil {
		t.Fatal(err)
	}
	m1, m2 := s.Find("n.m1"), s.Find("n.m2")
	both := d.And(d.Is(m1, 2), d.Is(m2, 1))
	if got := d.Some(both, func(v int) bool { return v == m1 }); got != d.Is(m2, 1) {
		t.Error("m1 makes a difference yet")
	}
	if got := d.Some(both, func(int) bool { return true }); got != symbolic.Yes {
		t.Error("something holds for no input")
	}
}
