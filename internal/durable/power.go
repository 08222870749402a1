package durable

import "sync/atomic"

// power is asked before each step. It is on, but in tests that cut it: the one
// state of this package, because what is tested is a whole process.
var power supply

type supply struct {
	cut atomic.Pointer[func(step, path string) error]
}

func (s *supply) ask(step, path string) error {
	if f := s.cut.Load(); f != nil {
		return (*f)(step, path)
	}
	return nil
}

// CutPower has f asked before each step of every write until undo is called: with
// an error the step is not taken. It is for tests.
func CutPower(f func(step, path string) error) (undo func()) {
	power.cut.Store(&f)
	return func() { power.cut.Store(nil) }
}
