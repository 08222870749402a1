package machine

import (
	"reflect"

	"github.com/open-policy-agent/opa/v1/ir"
)

// split gives a local a number of its own in each block of a function, where
// the planner used one number again for another rule. What is handed from one
// block to the next keeps its number.
func split(blocks []*ir.Block, params []ir.Local) {
	carried := map[ir.Local]bool{ir.Input: true, ir.Data: true}
	for _, l := range params {
		carried[l] = true
	}
	seen := make([]*uses, len(blocks))
	next := ir.Unused
	for i, b := range blocks {
		seen[i] = usesOf([]*ir.Block{b})
		for l, gets := range seen[i].first {
			carried[l] = carried[l] || !gets
			next = max(next, l+1)
		}
	}
	taken := map[ir.Local]bool{}
	for i, b := range blocks {
		names := map[ir.Local]ir.Local{}
		for l := range seen[i].first {
			switch {
			case carried[l]:
			case !taken[l]:
				taken[l] = true
			default:
				names[l] = next
				next++
			}
		}
		if len(names) > 0 {
			rename(reflect.ValueOf(b), names)
		}
	}
}

var localType = reflect.TypeFor[ir.Local]()

// rename replaces every local below v. A plan is a tree of pointers, lists and
// structs that nothing else holds.
func rename(v reflect.Value, names map[ir.Local]ir.Local) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			renameHeld(v, names)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				rename(v.Field(i), names)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			rename(v.Index(i), names)
		}
	case reflect.Int:
		if v.Type() == localType && v.CanSet() {
			if to, ok := names[ir.Local(v.Int())]; ok {
				v.SetInt(int64(to))
			}
		}
	}
}

// renameHeld goes on to what v holds. An interface that holds a bare local gets
// another one.
func renameHeld(v reflect.Value, names map[ir.Local]ir.Local) {
	held := v.Elem()
	if v.Kind() == reflect.Interface && held.Type() == localType {
		if to, ok := names[ir.Local(held.Int())]; ok {
			v.Set(reflect.ValueOf(to))
		}
		return
	}
	rename(held, names)
}
