package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

const (
	connections = 32
	agent       = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
)

// maxRefused is how many refusals of a round are put down to a busy machine.
const maxRefused = 100

var errUnavailable = errors.New("status 503")

// load asks one URL over and over, and returns answers of 200 a second. A busy
// machine may miss the deadline of a decision now and then; more refusals than
// that end the run, because a fast refusal is no result.
func load(url, token string, length time.Duration) (float64, error) {
	transport := &http.Transport{MaxIdleConnsPerHost: connections, MaxConnsPerHost: connections, DisableCompression: true}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}
	ctx, cancel := context.WithTimeout(context.Background(), length)
	defer cancel()
	var served, refused atomic.Int64
	faults := make(chan error, connections)
	var group sync.WaitGroup
	begun := time.Now()
	for range connections {
		group.Go(func() {
			for ctx.Err() == nil {
				switch err := ask(client, url, token); {
				case err == nil:
					served.Add(1)
				case errors.Is(err, errUnavailable) && refused.Add(1) <= maxRefused:
				default:
					faults <- err
					return
				}
			}
		})
	}
	group.Wait()
	elapsed := time.Since(begun)
	select {
	case err := <-faults:
		return 0, err
	default:
		return float64(served.Load()) / elapsed.Seconds(), nil
	}
}

func ask(client *http.Client, url, token string) error {
	r, err := http.NewRequest(http.MethodGet, url+"/api/patients/"+patientID, nil)
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("User-Agent", agent)
	res, err := client.Do(r)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		return err
	}
	if res.StatusCode == http.StatusServiceUnavailable {
		return errUnavailable
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("status %d", res.StatusCode)
	}
	return nil
}
