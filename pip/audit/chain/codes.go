package chain

// A Code names what is wrong with a journal, for programs.
type Code string

// The codes.
const (
	LineMalformed   Code = "line_malformed"
	RecordChanged   Code = "record_changed"
	RecordOrder     Code = "record_order"
	HeaderMalformed Code = "header_malformed"
	SegmentMissing  Code = "segment_missing"
	SegmentOrder    Code = "segment_order"
	SegmentForeign  Code = "segment_foreign"
	TailMissing     Code = "tail_missing"
	TailForeign     Code = "tail_foreign"
	TailUnclear     Code = "tail_unclear"
	HeadMissing     Code = "head_missing"
	HeadForged      Code = "head_forged"
	HeadDamaged     Code = "head_damaged"
	HeadMismatch    Code = "head_mismatch"
	HeadStale       Code = "head_stale"
	KeyMissing      Code = "key_missing"
	KeyChanged      Code = "key_changed"
	BaseForged      Code = "base_forged"
	AnchorForged    Code = "anchor_forged"
	AnchorMismatch  Code = "anchor_mismatch"
)
