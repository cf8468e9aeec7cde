"""The rules of the track, one file each."""
