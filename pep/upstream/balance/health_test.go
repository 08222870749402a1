package balance_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wardgate/wardgate/pep/upstream/balance"
	"github.com/wardgate/wardgate/pep/upstream/http1"
)

// hangs is the status of a server that does not answer its checks.
const hangs = -1

func (f *fleet) checked(r *http.Request, name string) (*http.Response, error) {
	f.mu.Lock()
	f.checks[name]++
	status := f.status[name]
	f.mu.Unlock()
	switch status {
	case hangs:
		<-r.Context().Done()
		return nil, r.Context().Err()
	case 0:
		return nil, http1.ErrHead
	}
	return &http.Response{StatusCode: status, Body: http.NoBody}, nil
}

func (f *fleet) sets(name string, status int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.status[name] = status
}

// askFor sends one request, and says what came of it.
func (f *fleet) askFor(t *testing.T) error {
	t.Helper()
	res, err := f.ask(t, "")
	if err == nil {
		_ = res.Body.Close()
	}
	return err
}

func isOut(err error) bool {
	_, is := errors.AsType[*balance.OutError](err)
	return is
}

// TestFailuresInARowOpenTheCircuit: and an answer between them begins anew.
func TestFailuresInARowOpenTheCircuit(t *testing.T) {
	for name, fault := range map[string]error{"broken": io.ErrUnexpectedEOF, "hangs": context.DeadlineExceeded, "garbage": http1.ErrHead, "no connection": http1.ErrUnreached} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFleetWith(t, balance.Config{Failures: 3, Rest: 10 * time.Second}, "a")
				for _, fails := range []bool{true, true, false, true, true, true} {
					delete(f.fail, "a")
					if fails {
						f.fail["a"] = fault
					}
					if err := f.askFor(t); isOut(err) || (err != nil) != fails {
						t.Fatalf("got %v", err)
					}
				}
				f.took()
				out, is := errors.AsType[*balance.OutError](f.askFor(t))
				if !is || out.Retry != 10*time.Second || len(f.took()) > 0 {
					t.Errorf("a server that failed three times: got %v", out)
				}
				time.Sleep(10 * time.Second)
				if err := f.askFor(t); err == nil || isOut(err) || len(f.took()) != 1 {
					t.Errorf("after its rest one request finds out: got %v", err)
				}
				if err := f.askFor(t); !isOut(err) {
					t.Errorf("it was not well: got %v", err)
				}
				time.Sleep(10 * time.Second)
				delete(f.fail, "a")
				for range 3 {
					if err := f.askFor(t); err != nil {
						t.Errorf("it is well: got %v", err)
					}
				}
				if got := f.turned[len(f.turned)-2:]; !slices.Equal(got, []string{"a open", "a serving"}) {
					t.Errorf("told %q", f.turned)
				}
			})
		})
	}
}

// TestOneAtATimeFindsOut: others are refused until it has, and one that says nothing
// leaves the place to the next.
func TestOneAtATimeFindsOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleetWith(t, balance.Config{Failures: 1}, "a")
		f.fail["a"] = io.ErrUnexpectedEOF
		_ = f.askFor(t)
		time.Sleep(balance.DefaultRest)
		f.hold = make(chan error)
		found := make(chan error)
		go func() { found <- f.askFor(t) }()
		synctest.Wait()
		for range 3 {
			if err := f.askFor(t); !isOut(err) {
				t.Errorf("got %v beside the one that finds out", err)
			}
		}
		f.hold <- http1.ErrBusy // nothing was sent, and nothing is known
		if err := <-found; !errors.Is(err, http1.ErrBusy) {
			t.Errorf("got %v", err)
		}
		go func() { found <- f.askFor(t) }()
		synctest.Wait()
		f.hold <- nil
		if err := <-found; err != nil {
			t.Errorf("got %v", err)
		}
		f.hold = nil
		delete(f.fail, "a")
		if err := f.askFor(t); err != nil || f.Standing().Servers[0] != balance.Serving || f.Standing().Refused != 3 {
			t.Errorf("got %v, %+v", err, f.Standing())
		}
	})
}

// askAs sends one request of a caller, and says what came of it.
func (f *fleet) askAs(t *testing.T, caller string) error {
	t.Helper()
	res, err := f.RoundTrip(httptest.NewRequestWithContext(http1.ForCaller(t.Context(), caller), http.MethodGet, "https://app.test/x", nil))
	if err == nil {
		_ = res.Body.Close()
	}
	return err
}

// TestOneCallerOpensNoCircuit: however often one makes a server fail, and without an
// account all are one. Where it takes no connection, no caller is the cause.
func TestOneCallerOpensNoCircuit(t *testing.T) {
	for name, fault := range map[string]error{"broken": io.ErrUnexpectedEOF, "hangs": context.DeadlineExceeded, "garbage": http1.ErrHead} {
		t.Run(name, func(t *testing.T) {
			f := newFleetWith(t, balance.Config{Failures: 3}, "a")
			fails := func(callers ...string) {
				t.Helper()
				f.fail["a"] = fault
				for _, caller := range callers {
					if err := f.askAs(t, caller); !errors.Is(err, fault) {
						t.Errorf("%q: got %v", caller, err)
					}
				}
				delete(f.fail, "a")
			}
			fails("", "", "", "", "", "u-1", "u-1", "u-1", "", "u-1")
			if err := f.askAs(t, "u-2"); err != nil {
				t.Errorf("two callers took it from a third: %v", err)
			}
			fails("u-1", "u-2", "u-2", "u-1") // an answer was between
			if err := f.askAs(t, "u-3"); err != nil {
				t.Errorf("two callers took it from a third: %v", err)
			}
			fails("u-1", "u-2", "u-3")
			if err := f.askAs(t, "u-4"); !isOut(err) {
				t.Errorf("it failed three callers in a row: got %v", err)
			}
		})
	}
	f := newFleetWith(t, balance.Config{Failures: 3}, "a")
	f.fail["a"] = http1.ErrUnreached
	for range 3 {
		_ = f.askAs(t, "u-1")
	}
	if err := f.askAs(t, "u-1"); !isOut(err) {
		t.Errorf("it took no connection three times: got %v", err)
	}
}

// TestOneThatHangsKeepsNoOthersBack: the next one finds out after a rest, and what hung
// says nothing against it.
func TestOneThatHangsKeepsNoOthersBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleetWith(t, balance.Config{Failures: 1}, "a")
		f.fail["a"] = io.ErrUnexpectedEOF
		_ = f.askAs(t, "u-1")
		time.Sleep(balance.DefaultRest)
		hold, found := make(chan error), make(chan error)
		f.hold = hold
		go func() { found <- f.askAs(t, "u-1") }()
		synctest.Wait()
		f.hold = nil
		delete(f.fail, "a")
		if err := f.askAs(t, "u-2"); !isOut(err) {
			t.Errorf("got %v beside the one that finds out", err)
		}
		time.Sleep(balance.DefaultRest)
		if err := f.askAs(t, "u-2"); err != nil {
			t.Errorf("one that hangs keeps others back: %v", err)
		}
		hold <- nil
		if err := <-found; err != nil || f.Standing().Servers[0] != balance.Serving {
			t.Errorf("got %v, %+v", err, f.Standing())
		}
	})
}

// TestALateAnswerClosesNothing: nor a late failure, of a request that was sent before the
// circuit turned.
func TestALateAnswerClosesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleetWith(t, balance.Config{Failures: 1}, "a")
		late, found := make(chan error), make(chan error, 2)
		f.hold = late
		for range 2 {
			go func() { found <- f.askFor(t) }()
		}
		synctest.Wait()
		f.hold = nil
		f.fail["a"] = io.ErrUnexpectedEOF
		_ = f.askFor(t)
		late <- nil
		<-found
		if err := f.askFor(t); !isOut(err) {
			t.Errorf("a late answer closed the circuit: %v", err)
		}
		delete(f.fail, "a")
		time.Sleep(balance.DefaultRest)
		if err := f.askFor(t); err != nil {
			t.Fatal(err)
		}
		late <- io.ErrUnexpectedEOF
		<-found
		if err := f.askFor(t); err != nil {
			t.Errorf("a late failure opened the circuit: %v", err)
		}
	})
}

// TestAnotherServesMeanwhile: an open circuit of one server is nothing to the others, and
// no failed request is sent to them.
func TestAnotherServesMeanwhile(t *testing.T) {
	f := newFleetWith(t, balance.Config{Failures: 1}, "a", "b")
	f.fail["a"] = io.ErrUnexpectedEOF
	if err := f.askFor(t); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Fatalf("got %v", err)
	}
	for range 4 {
		if err := f.askFor(t); err != nil {
			t.Errorf("got %v", err)
		}
	}
	if got := f.took(); !slices.Equal(got, []string{"a", "b", "b", "b", "b"}) {
		t.Errorf("got %q", got)
	}
	f.fail["b"] = http1.ErrUnreached
	if err := f.askFor(t); !errors.Is(err, http1.ErrUnreached) || !slices.Equal(f.took(), []string{"b"}) {
		t.Errorf("the one that is out was tried all the same: %v", err)
	}
}

// TestClientsThatWentOpenNoCircuit: however many, and whatever the transport says.
func TestClientsThatWentOpenNoCircuit(t *testing.T) {
	f := newFleetWith(t, balance.Config{Failures: 1}, "a")
	f.fail["a"] = io.ErrUnexpectedEOF
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 3 {
		if _, err := f.RoundTrip(httptest.NewRequestWithContext(ctx, http.MethodGet, "https://app.test/x", nil)); isOut(err) {
			t.Error("the circuit is open")
		}
	}
}

// TestChecksTakeAServerOut: after so many failures in a row, whatever they are, and back
// after so many that passed; requests meanwhile go to the others.
func TestChecksTakeAServerOut(t *testing.T) {
	for name, status := range map[string]int{"an error": 503, "not found": 404, "it hangs": hangs, "garbage": 0} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFleetWith(t, balance.Config{Checks: &balance.Checks{Path: "/healthz", Interval: 10 * time.Second, Timeout: 4 * time.Second, Unhealthy: 3, Healthy: 2}}, "a", "b")
				f.sets("a", 204)
				f.sets("b", 302)
				ctx, cancel := context.WithCancel(t.Context())
				var running sync.WaitGroup
				running.Go(func() { f.Run(ctx) })
				at := func(seconds int) { time.Sleep(time.Duration(seconds) * time.Second); synctest.Wait() }
				stand := func(when string, a, b balance.State) {
					t.Helper()
					if got := f.Standing().Servers; !slices.Equal(got, []balance.State{a, b}) {
						t.Errorf("%s: got %q", when, got)
					}
				}
				at(5)
				stand("at first", balance.Serving, balance.Serving)
				f.sets("a", status)
				at(20)
				stand("after two", balance.Serving, balance.Serving)
				f.sets("a", 200) // it flaps
				at(10)
				f.sets("a", status)
				at(20)
				stand("after two more", balance.Serving, balance.Serving)
				at(10)
				stand("after three in a row", balance.Unhealthy, balance.Serving)
				f.took()
				for range 4 {
					_ = f.askFor(t)
				}
				if got := f.took(); !slices.Equal(got, []string{"b", "b", "b", "b"}) {
					t.Errorf("got %q", got)
				}
				f.sets("b", status)
				at(30)
				if out, is := errors.AsType[*balance.OutError](f.askFor(t)); !is || out.Retry != 20*time.Second || len(f.took()) > 0 {
					t.Errorf("all are out: got %v", out)
				}
				f.sets("a", 200)
				at(10)
				stand("after one", balance.Unhealthy, balance.Unhealthy)
				at(10)
				stand("after two in a row", balance.Serving, balance.Unhealthy)
				if err := f.askFor(t); err != nil {
					t.Error(err)
				}
				if f.checks["a"] != 12 || f.Standing().FailedChecks == 0 {
					t.Errorf("got %d checks, %+v", f.checks["a"], f.Standing())
				}
				cancel()
				running.Wait()
			})
		})
	}
}

func TestChecksHaveAPath(t *testing.T) {
	for _, path := range []string{"", "healthz", "//elsewhere.test/", "http://elsewhere.test/", "/a b", "/a#b", "/a\r\nX: y"} {
		if err := balance.CheckPath(path); err == nil {
			t.Errorf("%q was accepted", path)
		}
	}
	for _, path := range []string{"/", "/healthz", "/a/b?full=1"} {
		if err := balance.CheckPath(path); err != nil {
			t.Errorf("%q: %v", path, err)
		}
	}
}
