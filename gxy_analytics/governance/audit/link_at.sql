select {sequence:UInt64}
