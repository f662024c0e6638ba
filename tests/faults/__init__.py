"""What is broken on purpose: inputs, disks, files under those who read them."""
