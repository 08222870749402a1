package command

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/wardgate/wardgate/internal/command/cli"
	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/durable"
	"github.com/wardgate/wardgate/internal/points"
	"github.com/wardgate/wardgate/internal/process"
	"github.com/wardgate/wardgate/pip/audit/ship/elastic"
	"github.com/wardgate/wardgate/pip/audit/ship/kibana"
)

type eventsCommand struct {
	Setup eventsSetup `cmd:"" help:"Make templates, lifecycle and data stream in the configured Elasticsearch. May be repeated."`

	Dashboards eventsDashboards `cmd:"" help:"Write the dashboards as saved objects that Kibana 8 imports."`
}

// setupTimeout bounds the whole of it.
const setupTimeout = 2 * time.Minute

type eventsSetup struct {
	Config string `help:"YAML configuration file." type:"path" placeholder:"FILE"`
	DryRun bool   `help:"Print what would be made, and call nobody."`
	Output string `help:"Output format: text or json." enum:"text,json" default:"text"`
}

// Run makes what is missing and brings the rest up to date.
func (e *eventsSetup) Run(s *cli.Streams) error {
	c, err := config.Read(e.Config, s.Environ)
	if err != nil {
		return err
	}
	if e.DryRun {
		return e.show(s, &c)
	}
	ctx, cancel := context.WithTimeout(context.Background(), setupTimeout)
	defer cancel()
	done := []elastic.Step{}
	err = process.SetupEvents(ctx, &c, func(step elastic.Step) {
		done = append(done, elastic.Step{Name: step.Name, Path: step.Path})
		if e.Output == "text" {
			fmt.Fprintf(s.Out, "made: %s (%s)\n", step.Name, step.Path)
		}
	})
	if e.Output == "json" {
		if printed := cli.PrintJSON(s.Out, done); printed != nil {
			return printed
		}
	}
	return err
}

func (e *eventsSetup) show(s *cli.Streams, c *config.Config) error {
	steps, err := process.EventSteps(c)
	if err != nil {
		return err
	}
	if e.Output == "json" {
		return cli.PrintJSON(s.Out, steps)
	}
	for _, step := range steps {
		fmt.Fprintf(s.Out, "PUT %s\n", step.Path)
		if step.Body == nil {
			continue
		}
		if err := cli.PrintJSON(s.Out, step.Body); err != nil {
			return err
		}
	}
	return nil
}

type eventsDashboards struct {
	Out string `help:"File to write; standard output when it is not given." type:"path" placeholder:"FILE.ndjson"`
}

// Run needs neither Kibana nor a configuration.
func (d *eventsDashboards) Run(s *cli.Streams) error {
	if d.Out == "" {
		return kibana.Write(s.Out, points.Names())
	}
	var text bytes.Buffer
	if err := kibana.Write(&text, points.Names()); err != nil {
		return err
	}
	if err := durable.WriteFile(d.Out, text.Bytes(), 0o644); err != nil {
		return fmt.Errorf("write dashboards: %w", err)
	}
	return nil
}
