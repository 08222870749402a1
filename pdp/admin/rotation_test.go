package admin_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/wardgate/wardgate/pdp/admin"
)

// TestRotationUnderLoadRefusesNobody: two processes share a folder, both sign
// and both rotate, and each verifies at once what the other has signed.
func TestRotationUnderLoadRefusesNobody(t *testing.T) {
	dir := t.TempDir()
	var processes [2]*admin.Keys
	for i := range processes {
		var err error
		if processes[i], err = admin.OpenKeys(dir, 0, nil); err != nil {
			t.Fatal(err)
		}
	}
	var stop atomic.Bool
	var refused, verified atomic.Int64
	kids := sync.Map{}
	var load sync.WaitGroup
	for i := range processes {
		load.Go(func() {
			for !stop.Load() {
				token, err := processes[i].Sign(jwt.RegisteredClaims{Subject: "u"})
				if err != nil {
					t.Error(err)
					return
				}
				verified.Add(1)
				_, err = jwt.Parse(token, func(j *jwt.Token) (any, error) {
					id, _ := j.Header["kid"].(string)
					kids.Store(id, true)
					key, ok := processes[1-i].Key(id)
					if !ok {
						return nil, fmt.Errorf("unknown key")
					}
					return key, nil
				})
				if err != nil {
					refused.Add(1)
				}
			}
		})
	}
	load.Go(func() {
		for !stop.Load() {
			processes[0].Key("an id that nobody has")
		}
	})
	for i := range 4 {
		time.Sleep(1100 * time.Millisecond)
		if err := processes[i%2].Rotate(); err != nil {
			t.Error(err)
		}
	}
	time.Sleep(3 * time.Second)
	stop.Store(true)
	load.Wait()
	seen := 0
	kids.Range(func(_, _ any) bool { seen++; return true })
	if refused.Load() > 0 || seen < 4 {
		t.Errorf("%d of %d tokens were refused under %d keys, want none under at least 4", refused.Load(), verified.Load(), seen)
	}
}

// TestUnknownKeyIDsCauseNoStorm: a lookup of what no key is called reads no file,
// which would allocate, but for the one look a second.
func TestUnknownKeyIDsCauseNoStorm(t *testing.T) {
	keys, err := admin.OpenKeys(t.TempDir(), 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	each := testing.AllocsPerRun(200_000, func() {
		if _, ok := keys.Key("an id that nobody has"); ok {
			t.Fatal("found")
		}
	})
	if each >= 1 {
		t.Errorf("an unknown id allocates %v times", each)
	}
}
