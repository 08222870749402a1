package longrun

import (
	"slices"
	"testing"
)

func TestLongRunsRepeatAll(t *testing.T) {
	list := []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}
	t.Setenv(Variable, "")
	if got := Times(3, 100); got != 3 {
		t.Errorf("got %d times, want few", got)
	}
	if got := Some(list, 4); !slices.Equal(got, []int{0, 2, 5, 7}) {
		t.Errorf("got %v", got)
	}
	if got := Some(list, 11); !slices.Equal(got, list) {
		t.Errorf("of more than there are: got %v", got)
	}
	t.Setenv(Variable, "1")
	if got := Times(3, 100); got != 100 {
		t.Errorf("got %d times, want many", got)
	}
	if got := Some(list, 4); !slices.Equal(got, list) {
		t.Errorf("got %v, want all", got)
	}
}
