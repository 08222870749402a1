//go:build !unix

package http1

// quiet knows no way here to look at a connection without reading from it, so
// that none is used twice.
func (c *conn) quiet() bool { return false }
