# The board and the devices that krunctl's machines have, and those that tests add: all that is compiled. What the board
# cannot do without (the PCI bus, the serial ports, the interrupt controllers, ...) it selects itself.
CONFIG_I440FX=y
CONFIG_HPET=y
# The disks of the end-to-end test.
CONFIG_VIRTIO_PCI=y
CONFIG_VIRTIO_BLK=y
