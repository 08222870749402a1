package console

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"net/http"
	"slices"

	"github.com/gin-gonic/gin"

	"github.com/wardgate/wardgate/internal/problem"
)

// A bookFile is one file of the rule book in force.
type bookFile struct {
	ID     string `json:"id"` // names it in a path of requests, which takes no dot and no slash
	Path   string `json:"path"`
	SHA256 string `json:"sha256"` // of its text, hex
	Bytes  int    `json:"bytes"`
}

func newBookFile(path string, text []byte) bookFile {
	sum := sha256.Sum256(text)
	return bookFile{ID: fileID(path), Path: path, SHA256: hex.EncodeToString(sum[:]), Bytes: len(text)}
}

// fileID is the beginning of the digest of a path.
func fileID(path string) string {
	sum := sha256.Sum256([]byte(path))
	return hex.EncodeToString(sum[:8])
}

func (h handler) files(c *gin.Context) {
	if !newQuery(c).understood(c) {
		return
	}
	revision, files := h.book.Rules()
	items := make([]bookFile, 0, len(files))
	for _, path := range slices.Sorted(maps.Keys(files)) {
		items = append(items, newBookFile(path, files[path]))
	}
	shown := gin.H{"revision": revision, "files": items}
	if h.shadow != nil {
		if now := h.shadow(); now != nil {
			shown["shadow"] = now
		}
	}
	c.JSON(http.StatusOK, shown)
}

// file shows one file, with the revision that it is of: the rule book may have
// changed since it was listed.
func (h handler) file(c *gin.Context) {
	if !newQuery(c).understood(c) {
		return
	}
	revision, files := h.book.Rules()
	for path, text := range files {
		if fileID(path) != c.Param("file") {
			continue
		}
		c.JSON(http.StatusOK, struct {
			Revision string `json:"revision"`
			bookFile
			Text string `json:"text"`
		}{revision, newBookFile(path, text), string(text)})
		return
	}
	write(c, problem.New(http.StatusNotFound, "not_found"))
}
