package process

import (
	"context"
	"fmt"

	"github.com/elastic/elastic-transport-go/v8/elastictransport"

	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/pip/audit/ecs"
	"github.com/wardgate/wardgate/pip/audit/reader"
	"github.com/wardgate/wardgate/pip/audit/ship"
	"github.com/wardgate/wardgate/pip/audit/ship/elastic"
	"github.com/wardgate/wardgate/pip/audit/ship/logstash"
)

// shipEvents begins a shipper for each place that the configuration names.
func (j *journal) shipEvents() error {
	sinks, err := sinks(&j.config.Stores.Events)
	if err != nil {
		return err
	}
	for name, sink := range sinks {
		if err := j.ship(name, sink, ecsDocument, ship.Config{}); err != nil {
			return fmt.Errorf("stores.events: %w", err)
		}
	}
	return nil
}

func ecsDocument(chain string, r *reader.Record) (ship.Document, error) {
	body, err := ecs.Document(chain, r)
	return ship.Document{ID: ecs.ID(chain, r), Body: body}, err
}

// sinks are the places, by name. None is called yet.
func sinks(c *config.Events) (map[string]ship.Sink, error) {
	sinks := map[string]ship.Sink{}
	if len(c.Elasticsearch.Addresses) > 0 {
		client, err := connectElastic(c)
		if err != nil {
			return nil, err
		}
		sinks["elasticsearch"] = elastic.New(client, c.Plan().Stream)
	}
	if c.Logstash.URL != "" {
		input, err := c.LogstashInput()
		if err != nil {
			return nil, err
		}
		sink, err := logstash.New(input)
		if err != nil {
			return nil, fmt.Errorf("stores.events.logstash: %w", err)
		}
		sinks["logstash"] = sink
	}
	return sinks, nil
}

// connectElastic is a client of the configured Elasticsearch, which it does not
// call yet.
func connectElastic(c *config.Events) (*elastictransport.Client, error) {
	server, err := c.Elastic()
	if err != nil {
		return nil, err
	}
	client, err := elastic.Connect(server)
	if err != nil {
		return nil, fmt.Errorf("stores.events.elasticsearch: %w", err)
	}
	return client, nil
}

// EventSteps are what SetupEvents would do.
func EventSteps(c *config.Config) ([]elastic.Step, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	return elastic.Steps(c.Stores.Events.Plan()), nil
}

// SetupEvents makes templates, lifecycle and data stream in the configured
// Elasticsearch. It may be repeated.
func SetupEvents(ctx context.Context, c *config.Config, done func(elastic.Step)) error {
	if err := c.Check(); err != nil {
		return err
	}
	if len(c.Stores.Events.Elasticsearch.Addresses) == 0 {
		return fmt.Errorf("stores.events.elasticsearch.addresses: expected a node's address; there is nowhere to set up")
	}
	client, err := connectElastic(&c.Stores.Events)
	if err != nil {
		return err
	}
	return elastic.Setup(ctx, client, c.Stores.Events.Plan(), done)
}
