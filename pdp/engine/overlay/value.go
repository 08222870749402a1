package overlay

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"

	"github.com/wardgate/wardgate/pdp/engine/rulebook"
)

// tablePackages hold the tables that a hospital edits.
var tablePackages = []string{"authz.tables", "sentinel.tables"}

// digestPrefix says by which function a table is named.
const digestPrefix = "sha256:"

// valuesOf are the tables of a package and what they say. They are evaluated, and
// not read: a helper or another table that a table is made with counts, and a
// comment or a line break does not.
func valuesOf(modules map[string]*ast.Module, pkg string) (map[string]ast.Value, error) {
	own := map[string]*ast.Module{}
	for name, m := range modules {
		if packageName(m) == pkg && !isTest(name) {
			own[name] = m.Copy()
		}
	}
	compiler := rulebook.NewCompiler(false).WithUseTypeCheckAnnotations(false)
	if compiler.Compile(own); compiler.Failed() {
		return nil, fmt.Errorf("compile the tables of %s: %w", pkg, compiler.Errors)
	}
	var value ast.Value
	_, err := rego.New(rego.Query("x := data."+pkg), rego.Compiler(compiler), rego.StrictBuiltinErrors(true),
		rego.GenerateJSON(func(t *ast.Term, _ *rego.EvalContext) (any, error) { value = t.Value; return nil, nil })).Eval(context.Background())
	if err != nil {
		return nil, fmt.Errorf("read the tables of %s: %w", pkg, err)
	}
	values := map[string]ast.Value{}
	document, ok := value.(ast.Object)
	if !ok {
		return values, nil
	}
	document.Foreach(func(k, v *ast.Term) {
		if name, ok := k.Value.(ast.String); ok && !private(string(name)) {
			values[string(name)] = v.Value
		}
	})
	return values, nil
}

func private(name string) bool { return strings.HasPrefix(name, "_") }

// digest names a table by what it says.
func digest(v ast.Value) string {
	var b bytes.Buffer
	canonical(&b, v)
	sum := sha256.Sum256(b.Bytes())
	return digestPrefix + hex.EncodeToString(sum[:])
}

// canonical writes a value so that no two values are written alike: each with its
// kind and its length, the members of sets and objects in the order of their bytes.
func canonical(w *bytes.Buffer, v ast.Value) {
	switch v := v.(type) {
	case *ast.Array:
		members := make([][]byte, 0, v.Len())
		v.Foreach(func(t *ast.Term) { members = append(members, canonicalBytes(t.Value)) })
		writeAll(w, 'a', members)
	case ast.Set:
		members := make([][]byte, 0, v.Len())
		v.Foreach(func(t *ast.Term) { members = append(members, canonicalBytes(t.Value)) })
		slices.SortFunc(members, bytes.Compare)
		writeAll(w, 's', members)
	case ast.Object:
		members := make([][]byte, 0, v.Len())
		v.Foreach(func(k, t *ast.Term) {
			members = append(members, append(canonicalBytes(k.Value), canonicalBytes(t.Value)...))
		})
		slices.SortFunc(members, bytes.Compare)
		writeAll(w, 'o', members)
	case ast.String:
		writeOne(w, 't', []byte(v))
	default: // null, booleans, numbers
		writeOne(w, 'v', []byte(v.String()))
	}
}

func canonicalBytes(v ast.Value) []byte {
	var b bytes.Buffer
	canonical(&b, v)
	return b.Bytes()
}

func writeAll(w *bytes.Buffer, kind byte, members [][]byte) {
	writeOne(w, kind, bytes.Join(members, nil))
}

func writeOne(w *bytes.Buffer, kind byte, content []byte) {
	w.WriteByte(kind)
	w.Write(binary.BigEndian.AppendUint64(nil, uint64(len(content))))
	w.Write(content)
}

func readAtMost(r io.Reader, n int64) ([]byte, error) { return io.ReadAll(io.LimitReader(r, n)) }
