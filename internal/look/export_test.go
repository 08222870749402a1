package look

// FrameWords are those of the frame.
func FrameWords() Words { return frame }
