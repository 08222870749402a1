package pep

import (
	"fmt"
	"net/http"
	"runtime"
	"runtime/debug"
)

// abort turns a panic into a broken connection, and tells the operator where
// it happened. What it says is left out unless it comes from the runtime: it
// may quote the request.
func (p *Proxy) abort() {
	v := recover()
	if v == nil {
		return
	}
	p.logPanic(v)
	panic(http.ErrAbortHandler)
}

func (p *Proxy) logPanic(v any) {
	if v != http.ErrAbortHandler {
		p.cfg.Log.Error("request aborted by a panic", "panic", panicText(v), "stack", string(debug.Stack()))
	}
}

func panicText(v any) string {
	if fault, ok := v.(runtime.Error); ok {
		return fault.Error()
	}
	return fmt.Sprintf("%T", v)
}
