package operator

import (
	"context"
	"errors"

	"github.com/wardgate/wardgate/internal/control"
	"github.com/wardgate/wardgate/pdp/engine/delivery"
)

var errNotDelivered = errors.New("this wardgate takes no bundles: its rule book is a folder, or the built-in one; edit the folder, or set policy.bundle_file or policy.bundle_url")

// Bundles lists the rule books that were in force.
func (o *Operator) Bundles(context.Context) ([]control.Bundle, error) {
	if o.bundles == nil {
		return nil, errNotDelivered
	}
	active := o.bundles.Status().Active
	list := []control.Bundle{}
	for _, d := range o.bundles.Known() {
		list = append(list, bundleShown(d, d.Digest == active.Digest))
	}
	return list, nil
}

// Rollback puts an older rule book in force. It is journalled first.
func (o *Operator) Rollback(ctx context.Context, r control.Return) (control.Bundle, error) {
	if o.bundles == nil {
		return control.Bundle{}, errNotDelivered
	}
	d, err := o.bundles.Rollback(ctx, delivery.Return{To: r.To, Packed: r.Packed, Reason: r.Reason})
	if err != nil {
		return control.Bundle{}, err
	}
	return bundleShown(d, true), nil
}

func bundleShown(d delivery.Delivered, active bool) control.Bundle {
	return control.Bundle{Version: d.Version, Revision: d.Revision, Rules: d.Rules, Digest: d.Digest, Active: active}
}
