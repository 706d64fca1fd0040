"""The command `tqrun`: options in, one library call, exit status out."""
