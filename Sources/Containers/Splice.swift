// SPDX-License-Identifier: Apache-2.0
import Bytes
import CShims

// What the packed structures (intset, listpack) share: one piece of heap memory whose exact size its own
// header tells.
//
// *Idea*. A packed structure is asked for with its size rounded to the heap's class, so that most edits stay
// inside the class and only move the tail. Larger pieces lie in what malloc has rounded up, and are resized where that
// does not do any more: a list to which elements are pushed asks for memory once in some dozen pushes.
//
// *Who frees*. The structure's owner, with the exact size: the heap rounds it to the same class again.

#if _endian(big)
    #error("Packed structures are little-endian in memory, as they are on disk and on the wire.")
#endif

extension Heap {
    /// Memory for a packed structure of `bytes`, not cleared.
    func allocatePacked(_ bytes: Int) -> Address { allocate(Heap.roundedBytes(bytes)) }

    /// Replaces `removed` bytes at `offset` of the `bytes` long `object` by uninitialised room for `added`
    /// bytes.
    /// - Returns: where the object is now; the old address is dead if it differs.
    func splice(
        _ object: Address, _ bytes: Int, at offset: Int, removing removed: Int, adding added: Int
    ) -> Address {
        assert(offset >= 0 && removed >= 0 && added >= 0, "negative size in a splice")
        assert(offset + removed <= bytes, "splice beyond the end")
        let newBytes = bytes - removed + added
        let tailBytes = bytes - offset - removed
        if Heap.roundedBytes(newBytes) == Heap.roundedBytes(bytes) {
            if added != removed {
                (object + (offset + added)).move(from: object + (offset + removed), count: tailBytes)
            }
            return object
        }
        if bytes > Heap.slabBytesMax, newBytes > Heap.slabBytesMax {
            let room = unsafe malloc_usable_size(object.pointer)
            if newBytes <= room, room - newBytes < room / 4 {
                (object + (offset + added)).move(from: object + (offset + removed), count: tailBytes)
                return object
            }
            if added > removed {
                let grown = resizeLarge(object, newBytes)
                (grown + (offset + added)).move(from: grown + (offset + removed), count: tailBytes)
                return grown
            }
            (object + (offset + added)).move(from: object + (offset + removed), count: tailBytes)
            return resizeLarge(object, newBytes)
        }
        let fresh = allocatePacked(newBytes)
        fresh.copy(from: object, count: offset)
        (fresh + (offset + added)).copy(from: object + (offset + removed), count: tailBytes)
        free(object, bytes)
        return fresh
    }
}
