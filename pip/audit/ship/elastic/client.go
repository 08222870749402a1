package elastic

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/elastic/elastic-transport-go/v8/elastictransport"
)

// A Server says how to reach Elasticsearch.
type Server struct {
	Addresses []string // of the nodes: https://host:9200
	Username  string   // with Password; or APIKey; or none of them
	Password  string
	APIKey    string // as Elasticsearch gives it, encoded
	CA        []byte // PEM; nil for the machine's roots
	Transport *http.Transport
}

// Connect makes a client of the transport that the official client is made of,
// without that client's types for every API, of which three are used here. No
// node is called yet. A node that does not answer is left out for a while, and
// the request goes to the next.
func Connect(s Server) (*elastictransport.Client, error) {
	var urls []*url.URL
	for _, a := range s.Addresses {
		u, err := url.Parse(a)
		if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
			return nil, errors.New("connect to elasticsearch: an address is none, such as https://es.hospital.example:9200")
		}
		urls = append(urls, u)
	}
	if len(urls) == 0 {
		return nil, errors.New("connect to elasticsearch: no address is given")
	}
	transport := s.Transport
	if transport == nil {
		transport = http.DefaultTransport.(*http.Transport).Clone()
		transport.Proxy = nil // records go where the configuration says
		transport.ResponseHeaderTimeout = time.Minute
	}
	client, err := elastictransport.New(elastictransport.Config{
		URLs: urls, Username: s.Username, Password: s.Password, APIKey: s.APIKey, CACert: s.CA,
		CompressRequestBody: true, MaxRetries: len(urls), DisableRetry: len(urls) == 1,
		Transport: transport, Interceptors: []elastictransport.InterceptorFunc{genuine},
	})
	if err != nil {
		return nil, fmt.Errorf("connect to elasticsearch: %w", err)
	}
	return client, nil
}

// ErrProduct says that something else answers at the address.
var ErrProduct = errors.New("what answers is not Elasticsearch: it does not send X-Elastic-Product")

// genuine takes no success from anything but Elasticsearch: a proxy's friendly
// page would otherwise count as records taken.
func genuine(next elastictransport.RoundTripFunc) elastictransport.RoundTripFunc {
	return func(r *http.Request) (*http.Response, error) {
		res, err := next(r)
		if err != nil || res.StatusCode >= http.StatusMultipleChoices {
			return res, err
		}
		if res.Header.Get("X-Elastic-Product") != "Elasticsearch" {
			_ = res.Body.Close() // nothing of it is wanted
			return nil, ErrProduct
		}
		return res, nil
	}
}
