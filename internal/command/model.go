package command

import (
	"crypto/ed25519"
	"fmt"
	"os"
	"path/filepath"

	"github.com/wardgate/wardgate/inference/model"
	"github.com/wardgate/wardgate/internal/command/cli"
)

type modelCommand struct {
	Train  modelTrain  `cmd:"" help:"Train a model from a CSV file."`
	Verify modelVerify `cmd:"" help:"Check a model file against its signed manifest."`
}

type modelTrain struct {
	Name    string `arg:"" help:"breast-cancer or blood-pressure." enum:"breast-cancer,blood-pressure"`
	CSV     string `arg:"" name:"csv" help:"Training data." type:"existingfile"`
	Version string `help:"Version to write into the model." default:"1.0.0"`
	Out     string `help:"Model file to write." required:"" type:"path"`
}

// Run trains deterministically: the same data give the same file.
func (t *modelTrain) Run(s *cli.Streams) error {
	m, err := model.TrainFile(t.Name, t.Version, t.CSV, t.Out)
	if err != nil {
		return err
	}
	fmt.Fprintf(s.Out, "%s %s written to %s, SHA-256 %s\n", m.Name(), m.Version(), t.Out, m.SHA256())
	return nil
}

type modelVerify struct {
	Dir string `arg:"" help:"Folder with model files, manifest.json and its signature." type:"existingdir"`
	Key string `help:"Ed25519 public key that the manifest is signed with." required:"" type:"existingfile"`
}

// Run fails on the first file that is not what the manifest says.
func (v *modelVerify) Run(s *cli.Streams) error {
	raw, err := os.ReadFile(v.Key)
	if err != nil {
		return err
	}
	var key ed25519.PublicKey
	if key, err = model.ParsePublicKey(raw); err != nil {
		return fmt.Errorf("%s: %w", v.Key, err)
	}
	models, err := model.VerifyFiles(v.Dir, key)
	if err != nil {
		return err
	}
	for _, m := range models {
		fmt.Fprintf(s.Out, "%s: %s %s is what the manifest says\n", filepath.Clean(v.Dir), m.Name(), m.Version())
	}
	return nil
}
